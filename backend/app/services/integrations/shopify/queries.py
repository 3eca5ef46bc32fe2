"""What is asked of a shop. A page of orders stays within the thousand points that one question may cost."""

PAGE = 20
BATCH = 20

_ORDER = """
fragment Whole on Order {
  id legacyResourceId name processedAt updatedAt cancelledAt test email phone
  originalTotalPriceSet { ...Both }
  currentTotalPriceSet { shopMoney { amount currencyCode } }
  refunds { id legacyResourceId createdAt updatedAt totalRefundedSet { ...Both } }
  customer {
    legacyResourceId firstName lastName dataSaleOptOut
    defaultEmailAddress { emailAddress marketingState marketingUpdatedAt }
    defaultPhoneNumber { phoneNumber marketingState marketingUpdatedAt }
  }
  billingAddress { firstName lastName city provinceCode zip countryCodeV2 }
  lineItems(first: 20) { nodes { sku name quantity } }
}
fragment Both on MoneyBag {
  shopMoney { amount currencyCode }
  presentmentMoney { amount currencyCode }
}
"""

SHOP = "query Shop { shop { name myshopifyDomain currencyCode } }"
ORDERS = (
    """
query Orders($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { ...Whole }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ORDER
)
ORDERS_BY_ID = "query OrdersById($ids: [ID!]!) { nodes(ids: $ids) { ...Whole } }" + _ORDER
SUBSCRIBED = "query Subscribed { webhookSubscriptions(first: 100) { nodes { topic uri } } }"
SUBSCRIBE = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $address: String!, $fields: [String!]) {
  webhookSubscriptionCreate(
    topic: $topic
    webhookSubscription: {uri: $address, format: JSON, includeFields: $fields}
  ) {
    userErrors { field message }
  }
}
"""
