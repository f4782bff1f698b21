internal import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What the system says about processes and files.
enum ProcessFacts {
  static var ownID: Int32 { getpid() }

  /// The memory of a process that is resident, in bytes; nil when there is no such process, or nobody says.
  static func residentByteCount(of pid: Int32) -> Int64? {
    let file = open("/proc/\(pid)/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let words = bytes[..<count].split(separator: UInt8(ascii: " "))
    guard words.count > 1, let pages = Int64(String(decoding: words[1], as: UTF8.self)) else { return nil }
    let (size, overflow) = pages.multipliedReportingOverflow(by: Int64(sysconf(Int32(_SC_PAGESIZE))))
    return overflow ? nil : size
  }

  /// What a process shows of itself instead of its arguments; nil when there is no such process, or nobody says.
  static func title(of pid: Int32) -> String? {
    let file = open("/proc/\(pid)/cmdline", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The path without links; the path itself when it leads nowhere.
  static func resolved(_ path: String) -> String {
    guard let text = realpath(path, nil) else { return path }
    defer { free(text) }
    return String(cString: text)
  }

  static func microseconds(_ duration: Duration) -> Int64 { duration.inMicroseconds }
}
