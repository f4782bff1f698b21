#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A directory into which nobody else can put anything: for sockets, spool, jobs and outboxes.
public enum PrivateDirectory {
  /// Makes it and those above it that are not there, each for this user alone.
  ///
  /// Refused when others may write to one that is there, and when another user made a part of the way in a directory
  /// for all, such as /tmp: whoever was there first could change everything below.
  public static func make(_ path: String) throws(PrivacyError) {
    var made = path.hasPrefix("/") ? "" : "."
    var isInDirectoryForAll = false
    for part in path.split(separator: "/") {
      made += "/\(part)"
      if mkdir(made, 0o700) != 0, errno != EEXIST { throw refusal(of: made, reason: errno) }
      isInDirectoryForAll = try check(made, isInDirectoryForAll: isInDirectoryForAll)
    }
    var status = stat()
    guard stat(made.isEmpty ? "/" : made, &status) == 0 else { throw refusal(of: path, reason: errno) }
    guard status.st_mode & 0o002 == 0 || isForAll(status) else {
      throw PrivacyError(
        .exposed, "the directory \(path) is not used: its mode lets others write to it", help: "run chmod o-w \(path)")
    }
  }

  /// Checks one part of the way; answers whether all may make something in it, and keep that.
  private static func check(_ path: String, isInDirectoryForAll: Bool) throws(PrivacyError) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw refusal(of: path, reason: errno) }
    if isInDirectoryForAll, status.st_uid != geteuid(), status.st_uid != 0 {
      throw PrivacyError(
        .exposed, "the directory \(path) is not used: user \(status.st_uid) made it, in a directory for all",
        help: "choose one of your own")
    }
    if status.st_mode & S_IFMT == S_IFLNK, stat(path, &status) != 0 { throw refusal(of: path, reason: errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw refusal(of: path, reason: ENOTDIR) }
    return isForAll(status)
  }

  /// As /tmp is: all may write, nobody may remove what is another's.
  private static func isForAll(_ status: stat) -> Bool { status.st_mode & 0o1002 == 0o1002 }

  private static func refusal(of path: String, reason: Int32) -> PrivacyError {
    PrivacyError(
      .unreadable, "the directory \(path) cannot be made: \(String(cString: strerror(reason)))",
      help: "choose one that this user may write to")
  }
}
