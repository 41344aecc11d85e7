"""The fields of an item, and the headers under which companies send them."""

from typing import Final

from tranche.imports.domain import Field, FieldKind, split_words

ITEM_FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "itemSku",
        "Item SKU",
        split_words(
            """
            sku, item code, item no, item number, item id, product code, product sku, product no, product number,
            product id, code, stock code, article no, article number, article code, article id, part no, part number,
            material no, material number, Artikelnummer, Artikelnr, Artikel-Nr, Artikelcode, Produktnummer,
            Materialnummer, référence, référence article, code article, code produit, n° article, código, código de
            artículo, código de producto, referencia, artikelcode, codice, codice articolo, código do produto, ean,
            gtin, barcode
            """
        ),
        kind=FieldKind.IDENTIFIER,
    ),
    Field(
        "name",
        "Name",
        split_words(
            """
            item name, product name, item, product, article, article name, title, product title, item description,
            product description, description, Bezeichnung, Artikelbezeichnung, Artikelname, Artikel, Produktname,
            Produkt, nom, désignation, libellé, nom du produit, produit, nombre, nombre del producto, producto,
            artículo, descripción, naam, omschrijving, nome, descrizione, nome do produto, descrição
            """
        ),
        required=True,
    ),
    Field(
        "unitPrice",
        "Unit price",
        split_words(
            """
            price, sales price, selling price, sale price, list price, price each, price per unit, item price, retail
            price, net price, Preis, Einzelpreis, Stückpreis, Verkaufspreis, Listenpreis, prix, prix unitaire, prix de
            vente, precio, precio unitario, precio de venta, prijs, verkoopprijs, prezzo, prezzo di vendita, preço,
            preço unitário
            """
        ),
        kind=FieldKind.DECIMAL,
    ),
    Field(
        "stockTracking",
        "Stock tracking",
        split_words(
            """
            tracking, stock control, inventory tracking, tracked, Bestandsführung, Lagerführung, suivi de stock, gestion
            de stock, control de existencias, control de inventario, voorraadbeheer, gestione scorte
            """
        ),
    ),
)
