"""The fields of a row of opening stock, and the headers under which companies send them."""

from typing import Final

from tranche.imports.domain import Field, FieldKind, split_words
from tranche.inventory.fields import ITEM_FIELDS

_OF_ITEMS: Final = {field.name: field for field in ITEM_FIELDS}


STOCK_FIELDS: Final[tuple[Field, ...]] = (
    _OF_ITEMS["itemSku"],
    Field("name", "Name", _OF_ITEMS["name"].synonyms),
    Field(
        "lotNumber",
        "Lot number",
        split_words(
            """
            lot, lot no, lot code, lot id, batch, batch number, batch no, batch code, batch id, lot/serial number,
            lot/serial, Charge, Chargennummer, Charge Nr, Los, Losnummer, lot de fabrication, numéro de lot, n° de lot,
            n° lot, lote, número de lote, nº de lote, partij, partijnummer, batchnummer, lotto, numero di lotto
            """
        ),
        kind=FieldKind.IDENTIFIER,
    ),
    Field(
        "quantity",
        "Quantity",
        split_words(
            """
            qty, stock, stock quantity, on hand, quantity on hand, qoh, physical qoh, physical quantity, physical count,
            counted quantity, count, available, available quantity, in stock, opening stock, opening balance, balance,
            units, Menge, Bestand, Lagerbestand, Anfangsbestand, Anzahl, quantité, quantité en stock, stock initial,
            cantidad, existencias, stock inicial, hoeveelheid, voorraad, aantal, quantità, giacenza, quantidade, estoque
            """
        ),
        required=True,
        kind=FieldKind.DECIMAL,
    ),
    Field(
        "expirationDate",
        "Expiration date",
        split_words(
            """
            expiry, expiry date, expires, expires on, expiration, exp date, exp, best before, best before date, use by,
            use by date, bbd, Verfallsdatum, Ablaufdatum, MHD, Haltbarkeit, Mindesthaltbarkeitsdatum, haltbar bis, date
            d'expiration, date de péremption, péremption, fecha de caducidad, caducidad, fecha de vencimiento,
            vencimiento, vervaldatum, houdbaarheidsdatum, THT, data di scadenza, scadenza, data de validade, validade
            """
        ),
        kind=FieldKind.DATE,
    ),
    Field(
        "manufacturingDate",
        "Manufacturing date",
        split_words(
            """
            manufactured, manufacture date, manufactured on, mfg date, production date, produced on, made on,
            Herstellungsdatum, Produktionsdatum, date de fabrication, fecha de fabricación, productiedatum, data di
            produzione, data de fabricação
            """
        ),
        kind=FieldKind.DATE,
    ),
    Field(
        "costPrice",
        "Cost price",
        split_words(
            """
            cost, unit cost, cost per unit, purchase price, buying price, Einkaufspreis, Einstandspreis, EK, EK-Preis,
            prix d'achat, coût, coût unitaire, costo, coste, costo unitario, precio de compra, inkoopprijs, kostprijs,
            prezzo di acquisto, preço de custo
            """
        ),
        kind=FieldKind.DECIMAL,
    ),
    _OF_ITEMS["unitPrice"],
    Field(
        "supplierBatchNumber",
        "Supplier lot number",
        split_words(
            """
            supplier batch, supplier batch number, supplier lot, vendor lot, vendor batch, manufacturer lot,
            Lieferantencharge, lot fournisseur, lote del proveedor, lote proveedor
            """
        ),
        kind=FieldKind.IDENTIFIER,
    ),
    Field(
        "notes",
        "Notes",
        split_words(
            """
            note, comment, comments, remark, remarks, Bemerkung, Bemerkungen, Notiz, Kommentar, commentaire, remarque,
            nota, notas, comentario, observaciones, opmerking, opmerkingen, commento, comentários
            """
        ),
    ),
)
