import pytest

from tests.shop.models import Product


@pytest.fixture
def product(db: None) -> Product:
    return Product.objects.create(sku="tea", name="Tea", price="3.50")
