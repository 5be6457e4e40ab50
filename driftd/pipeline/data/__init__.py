"""What databases the code knows: models, their fields, and who reads and writes them."""
