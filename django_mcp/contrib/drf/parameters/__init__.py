"""Query parameters of views: those of filter backends and of pagination."""
