// What jemalloc is told in programs that plan; see the target `allocator`.

/// Graphs of deep models are tables of tens of megabytes that come and go with every pass. By
/// default such tables are returned to the system at once and others within seconds, and clearing
/// their pages again took a third of planning 1,024 layers.
// The name and type are jemalloc's.
extern "C" {
const char* malloc_conf = "oversize_threshold:0,dirty_decay_ms:300000";
}
