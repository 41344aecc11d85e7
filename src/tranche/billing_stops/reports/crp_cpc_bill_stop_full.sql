-- Every CPC customer under its CRP account: who it is, the last bill that is final, what is owed. Runs on PostgreSQL and
-- is written without anything that Oracle lacks. A table of relations stands for the way in which an installation of
-- CC&B ties a CPC to its CRP, which differs; copy this file into TRANCHE_HOME/queries and change it there.
SELECT
    r.crp_acct_id AS crp_account_no,
    a.acct_id AS cpc_customer_no,
    p.entity_name AS customer_name,
    m.address1 || ', ' || m.city || ' ' || m.postal AS address,
    b.last_bill_date AS last_bill_date,
    coalesce(f.balance, 0) AS current_balance
FROM ci_acct_rel r
JOIN ci_acct a ON a.acct_id = r.acct_id
JOIN ci_per p ON p.per_id = a.per_id
LEFT JOIN ci_prem m ON m.prem_id = a.prem_id
LEFT JOIN (
    SELECT s.acct_id, max(g.end_dt) AS last_bill_date
    FROM ci_sa s
    JOIN ci_bseg g ON g.sa_id = s.sa_id
    WHERE g.bseg_stat_flg = '50'
    GROUP BY s.acct_id
) b ON b.acct_id = a.acct_id
LEFT JOIN (
    SELECT s.acct_id, sum(t.cur_amt) AS balance
    FROM ci_sa s
    JOIN ci_ft t ON t.sa_id = s.sa_id
    GROUP BY s.acct_id
) f ON f.acct_id = a.acct_id
WHERE r.end_dttm IS NULL
