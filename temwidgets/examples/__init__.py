"""Small images that ship with the package."""
