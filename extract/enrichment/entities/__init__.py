"""The entities that models refer to, one module each; common/hub_entities.py lists them."""

from collections.abc import Mapping
from importlib import import_module

from assay.common.hub_entities import HUB_ENTITIES
from assay.extract.enrichment.entity import Entity

ENTITIES: Mapping[str, Entity] = {
    name: import_module(f"{__name__}.{name}").ENTITY for name in HUB_ENTITIES
}
