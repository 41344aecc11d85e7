-- The same rows as the full query, of those customers alone of whom anything has changed since :since, and those who
-- were taken from a CRP as is_removed = 1.
WITH changed AS (
    SELECT r.acct_id FROM ci_acct_rel r WHERE r.upd_dttm >= :since
    UNION
    SELECT a.acct_id FROM ci_acct a WHERE a.upd_dttm >= :since
    UNION
    SELECT a.acct_id FROM ci_per p JOIN ci_acct a ON a.per_id = p.per_id WHERE p.upd_dttm >= :since
    UNION
    SELECT a.acct_id FROM ci_prem m JOIN ci_acct a ON a.prem_id = m.prem_id WHERE m.upd_dttm >= :since
    UNION
    SELECT s.acct_id FROM ci_bseg g JOIN ci_sa s ON s.sa_id = g.sa_id WHERE g.upd_dttm >= :since
    UNION
    SELECT s.acct_id FROM ci_ft t JOIN ci_sa s ON s.sa_id = t.sa_id WHERE t.upd_dttm >= :since
)
SELECT
    r.crp_acct_id AS crp_account_no,
    a.acct_id AS cpc_customer_no,
    p.entity_name AS customer_name,
    m.address1 || ', ' || m.city || ' ' || m.postal AS address,
    (
        SELECT max(g.end_dt) FROM ci_sa s JOIN ci_bseg g ON g.sa_id = s.sa_id
        WHERE s.acct_id = a.acct_id AND g.bseg_stat_flg = '50'
    ) AS last_bill_date,
    coalesce((
        SELECT sum(t.cur_amt) FROM ci_sa s JOIN ci_ft t ON t.sa_id = s.sa_id WHERE s.acct_id = a.acct_id
    ), 0) AS current_balance,
    CASE WHEN r.end_dttm IS NULL THEN 0 ELSE 1 END AS is_removed
FROM changed c
JOIN ci_acct a ON a.acct_id = c.acct_id
JOIN ci_acct_rel r ON r.acct_id = a.acct_id
JOIN ci_per p ON p.per_id = a.per_id
LEFT JOIN ci_prem m ON m.prem_id = a.prem_id
