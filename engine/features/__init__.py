"""The catalogue of data points in six families, one table entry each, and their values at chosen dates."""

from engine.features.catalogue import CATALOGUE
from engine.features.feature import FAMILIES, Feature
from engine.features.mood import SOCIAL
from engine.features.table import FeatureTable, compute_features

__all__ = ["CATALOGUE", "FAMILIES", "SOCIAL", "Feature", "FeatureTable", "compute_features"]
