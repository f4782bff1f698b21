#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Removes a directory with all that is in it, without following links.
enum DirectoryRemoval {
  static func remove(_ path: String) {
    guard let stream = opendir(path) else { return }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != ".." else { continue }
      let inside = "\(path)/\(name)"
      var status = stat()
      guard lstat(inside, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR { remove(inside) } else { unlink(inside) }
    }
    closedir(stream)
    if rmdir(path) != 0 { Output.say("\(path) could not be removed: \(String(cString: strerror(errno)))") }
  }
}
