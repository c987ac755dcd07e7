"""Resources of a source, such as a queryset or a storage: what every kind of source shares."""
