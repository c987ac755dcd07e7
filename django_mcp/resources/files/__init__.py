"""Files of a storage as resources, as `storage_resources` declares them."""
