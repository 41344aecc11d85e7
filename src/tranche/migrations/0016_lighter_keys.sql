-- Keys that another key holds already. An invoice's customer and a movement's lot are of an organization, and both are
-- required, so the organization need not be looked up once more for each row: a run of invoices writes them by the
-- thousand, and a look-up costs as much as an index.
SET lock_timeout = '5s';

ALTER TABLE invoices DROP CONSTRAINT invoices_organization_id_fkey;
ALTER TABLE lot_movements DROP CONSTRAINT lot_movements_organization_id_fkey;
