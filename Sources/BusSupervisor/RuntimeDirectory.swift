#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A directory that is only this user's.
enum RuntimeDirectory {
  /// Makes it with those above it, as far as they are not there; false when that is not possible (see errno).
  static func make(_ path: String) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex, !make(String(path[..<slash])) { return false }
    return mkdir(path, 0o700) == 0 || errno == EEXIST
  }
}
