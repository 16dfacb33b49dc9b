"""What is known of one run beyond its fixed points and exponents, each part as variables."""
