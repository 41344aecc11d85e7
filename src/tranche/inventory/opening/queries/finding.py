"""How a lot is found by its number, row by row."""


def lot_numbered(number: str) -> str:
    """SQL for the organization's lot of that number, as `id` and `item_id`; `number` is an expression.

    The first number from there on is read and compared: only the key of numbers has that order. A question for equality
    is put to any index of the organization by a planner that takes all its lots for one (decision 0036).
    """
    return f"""
        SELECT n.id, n.item_id FROM (
            SELECT id, item_id, number FROM lots
            WHERE organization_id = current_organization() AND number >= {number} ORDER BY number LIMIT 1
        ) n WHERE n.number = {number}
    """
