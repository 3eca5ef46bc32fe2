"""An order as the Admin API shows it, over GraphQL and as the body of a webhook."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.shopify.records import Buyer, Refund, Sale

Shown = dict[str, Any]


def told(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def _money(sale: Sale, amount: str, presentment: str | None = None) -> Shown:
    shown = sale.presented(amount) if presentment is None else presentment
    return {
        "shopMoney": {"amount": amount, "currencyCode": sale.currency},
        "presentmentMoney": {"amount": shown, "currencyCode": sale.presentment_currency},
    }


def order(sale: Sale) -> Shown:
    address = _address(sale.buyer)
    return {
        "__typename": "Order",
        "id": gid("Order", sale.id),
        "legacyResourceId": str(sale.id),
        "name": sale.name,
        "createdAt": told(sale.at),
        "processedAt": told(sale.at),
        "updatedAt": told(sale.updated),
        "cancelledAt": told(sale.cancelled_at),
        "test": sale.test,
        "email": sale.buyer.email,
        "phone": sale.buyer.phone,
        "displayFinancialStatus": sale.financial_status,
        "currencyCode": sale.currency,
        "presentmentCurrencyCode": sale.presentment_currency,
        "originalTotalPriceSet": _money(sale, sale.total),
        "totalPriceSet": _money(sale, sale.total),
        "currentTotalPriceSet": _money(sale, sale.current),
        "totalRefundedSet": _money(sale, str(sale.refunded)),
        "refunds": [_refund(sale, each) for each in sale.refunds],
        "customer": _customer(sale.buyer),
        "shippingAddress": address,
        "billingAddress": address,
        "lineItems": {
            "nodes": [_line(sale, *each, place) for place, each in enumerate(sale.lines)],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": False},
        },
    }


def _refund(sale: Sale, refund: Refund) -> Shown:
    return {
        "__typename": "Refund",
        "id": gid("Refund", refund.id),
        "legacyResourceId": str(refund.id),
        "createdAt": told(refund.at),
        "updatedAt": told(refund.at),
        "totalRefundedSet": _money(sale, refund.amount, refund.presentment),
    }


def _line(sale: Sale, sku: str, title: str, quantity: int, place: int) -> Shown:
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", sale.id * 100 + place),
        "sku": sku,
        "title": title,
        "name": title,
        "quantity": quantity,
        "currentQuantity": quantity,
    }


def _customer(buyer: Buyer) -> Shown | None:
    if buyer.customer is None:
        return None
    email, phone = buyer.email, buyer.phone
    return {
        "__typename": "Customer",
        "id": gid("Customer", buyer.customer),
        "legacyResourceId": str(buyer.customer),
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "dataSaleOptOut": buyer.no_sale,
        "defaultEmailAddress": email
        and {
            "emailAddress": email,
            "marketingState": buyer.email_state,
            "marketingUpdatedAt": told(buyer.state_at),
        },
        "defaultPhoneNumber": phone
        and {
            "phoneNumber": phone,
            "marketingState": buyer.sms_state,
            "marketingUpdatedAt": told(buyer.state_at),
        },
    }


def _address(buyer: Buyer) -> Shown | None:
    if buyer.city is None:
        return None
    return {
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "city": buyer.city,
        "province": buyer.province,
        "provinceCode": buyer.province,
        "zip": buyer.zip,
        "country": buyer.country,
        "countryCodeV2": buyer.country,
        "phone": buyer.phone,
    }


def order_body(sale: Sale) -> Shown:
    """Of `orders/create` and `orders/updated`: the order of the REST Admin API, in short."""
    return {
        "id": sale.id,
        "admin_graphql_api_id": gid("Order", sale.id),
        "name": sale.name,
        "created_at": told(sale.at),
        "updated_at": told(sale.updated),
        "cancelled_at": told(sale.cancelled_at),
        "currency": sale.currency,
        "presentment_currency": sale.presentment_currency,
        "total_price": sale.total,
        "current_total_price": sale.current,
        "financial_status": sale.financial_status.lower(),
        "test": sale.test,
        "email": sale.buyer.email,
        "refunds": [{"id": each.id, "created_at": told(each.at)} for each in sale.refunds],
    }


def refund_body(sale: Sale) -> Shown:
    """Of `refunds/create`: the newest one."""
    refund = sale.refunds[-1]
    return {
        "id": refund.id,
        "order_id": sale.id,
        "created_at": told(refund.at),
        "admin_graphql_api_id": gid("Refund", refund.id),
        "transactions": [
            {
                "kind": "refund",
                "status": "success",
                "amount": str(Decimal(refund.amount)),
                "currency": sale.currency,
            }
        ],
    }


def shop_body(name: str, currency: str) -> Shown:
    """Of `app/uninstalled`: the shop."""
    return {
        "id": ids.SHOP_ID,
        "name": name,
        "domain": ids.SHOP,
        "myshopify_domain": ids.SHOP,
        "currency": currency,
    }


def privacy_body(topic: str, sale: Sale | None) -> Shown:
    """Of the mandatory topics: whom it is about, and of which orders."""
    shop = {"shop_id": ids.SHOP_ID, "shop_domain": ids.SHOP}
    if topic == "shop/redact" or sale is None:
        return shop
    buyer = sale.buyer
    customer = {"id": buyer.customer, "email": buyer.email, "phone": buyer.phone}
    if topic == "customers/redact":
        return shop | {"customer": customer, "orders_to_redact": [sale.id]}
    return shop | {
        "customer": customer,
        "orders_requested": [sale.id],
        "data_request": {"id": 9_999},
    }
