"""The simulated marketplace: drawn photos and Japanese texts of brooches and corsages, made from a seed.

The paper's data set is not public. This market has its form (table 1 of the paper, its period and category) and its
difficulties: creators who resemble each other, works listed twice, people with two accounts, listings without a photo
or a description. With more than one photo a listing there are packagings too, and size charts that many creators share.
Nothing in it is downloaded, and its truth is known, so whatever sakka finds can be checked.

    settings -> style (a creator's habits) -> plan (one work) -> wording (its text), photo (its pictures) -> folder
"""

from sakka.market.folder import write_market
from sakka.market.listings import market_listings
from sakka.market.photo import draw_photo
from sakka.market.settings import MarketSettings
from sakka.market.sheet import contact_sheet

__all__ = ["MarketSettings", "contact_sheet", "draw_photo", "market_listings", "write_market"]
