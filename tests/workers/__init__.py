"""Background calls on real Celery workers, over the broker that `BROKER_URL` names."""
