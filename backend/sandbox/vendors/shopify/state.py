"""Everything that one Shopify shop is made of."""

from sandbox.vendors.shopify.hooks import Hooks
from sandbox.vendors.shopify.limits import Bucket
from sandbox.vendors.shopify.records import Records
from sandbox.vendors.shopify.tokens import Tokens
from sandbox.vendors.vendor import Ground


class ShopifyState:
    def __init__(self, ground: Ground) -> None:
        self.tokens = Tokens(ground.world.seed, ground.store)
        self.bucket = Bucket()
        self.records = Records(ground)
        self.hooks = Hooks(ground.store, self.tokens)

    def uninstall(self) -> None:
        self.tokens.end_all()
        self.hooks.clear()
