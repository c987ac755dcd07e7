"""Tools of a source, such as a view or a form: what every kind of source shares."""
