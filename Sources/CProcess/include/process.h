#pragma once

/// Asks the kernel to send SIGTERM to this process when its parent ends. Does nothing where the kernel has no such thing.
void bus_end_with_parent(void);
