"""JSON Schemas of what serializers read of models."""
