"""Stacks of frames: drift, columns through all frames, their motion and what happens to them."""
