import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))  # known_systems
sys.path.insert(0, str(Path(__file__).parent))  # maps_by_hand
