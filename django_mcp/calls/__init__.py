"""The story of a call: seen? allowed? valid? on record, run, checked, on record again."""
