"""Getting hold of blobs that are not in the message: fetched, cached, or from a package."""
