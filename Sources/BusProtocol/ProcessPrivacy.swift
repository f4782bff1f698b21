#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// What a process keeps to itself, settled at its very start.
public enum ProcessPrivacy {
  /// What it makes from here on is its user's alone: no right for group or others, whatever a call asks for.
  public static func keepFilesPrivate() { umask(0o077) }

  /// No core of it is written when it crashes: all events and keys that it had in memory would be in that.
  ///
  /// Only the lower limit is set: `prlimit --core=unlimited --pid PID` allows cores again while it runs.
  public static func writeNoCore() -> Bool {
    var limit = rlimit()
    guard getrlimit(coreResource, &limit) == 0 else { return false }
    limit.rlim_cur = 0
    return setrlimit(coreResource, &limit) == 0
  }
}

#if canImport(Glibc)
  private let coreResource = __rlimit_resource_t(RLIMIT_CORE.rawValue)
#else
  private let coreResource = RLIMIT_CORE
#endif
