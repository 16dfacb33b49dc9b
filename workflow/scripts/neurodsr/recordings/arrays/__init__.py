"""Recordings in tables and arrays that everyone can write."""
