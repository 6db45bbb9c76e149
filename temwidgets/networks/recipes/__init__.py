"""Scripts that made the weights which come with temwidgets; each repeats them from its seed."""
