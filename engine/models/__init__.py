"""The classifiers: the only room that knows scikit-learn; fit on the past, seeded, calibrated."""
