"""A creator and a work described in words and pictures, in Japanese and in English."""

from sakka.describe.creator import CreatorDescription, describe_creator
from sakka.describe.work import WorkDescription, describe_work

__all__ = ["CreatorDescription", "WorkDescription", "describe_creator", "describe_work"]
