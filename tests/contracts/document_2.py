"""What document 2 prints, word for word: its SQL, its columns, its words for states."""

# "Check Job Status"
JOB_STATUS = """
SELECT 
  id,
  job_type,
  status,
  total_items,
  processed_items,
  successful_items,
  failed_items,
  created_at,
  started_at,
  completed_at
FROM batch_job_queue
ORDER BY created_at DESC
LIMIT 10;
"""  # noqa: W291  # as printed
# "View Failed Items"
FAILED_ITEMS = """
SELECT 
  id,
  status,
  errors
FROM batch_job_queue
WHERE failed_items > 0
ORDER BY created_at DESC;
"""  # noqa: W291  # as printed
# "Job Stuck in "Processing" State"
STUCK = """
-- Check if job is actually stuck (> 1 hour old)
SELECT id, started_at, status 
FROM batch_job_queue 
WHERE status = 'processing' 
  AND started_at < NOW() - INTERVAL '1 hour';
"""  # noqa: W291  # as printed
RESET = """
-- Reset stuck job to pending
UPDATE batch_job_queue 
SET status = 'pending', started_at = NULL
WHERE id = 'YOUR_JOB_ID';
"""  # noqa: W291  # as printed
# "Database Tables"
COLUMNS = {
    "id",
    "organization_id",
    "job_type",
    "status",
    "total_items",
    "processed_items",
    "successful_items",
    "failed_items",
    "payload",
    "errors",
}
STATUSES = {"pending", "processing", "completed", "failed", "cancelled"}
JOB_TYPE = "bulk_invoice_generation"
BATCH, PROCESS, ONE = (
    f"/functions/v1/{name}" for name in ("batch-invoice-orders", "process-batch-jobs", "create-invoice-from-order")
)
