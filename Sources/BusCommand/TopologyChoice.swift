internal import BusTopology

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Finds the topology file that is meant.
enum TopologyChoice {
  /// The file: named, else of the environment, else the only one in `./Topology`; nil where there is none at all.
  static func file(named: String?, environment: [String: String], directory: String = "Topology") throws -> String? {
    if let named = named ?? environment["BUS_TOPOLOGY"], !named.isEmpty { return named }
    let files = entries(of: directory).filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
    guard files.count < 2 else {
      throw CommandError(
        .configuration, "there are \(files.count) topology files: \(files.joined(separator: ", "))",
        where: "./\(directory)", help: "choose one: --topology \(directory)/\(files[0])")
    }
    return files.first.map { "\(directory)/\($0)" }
  }

  /// The same, where there has to be one.
  static func requiredFile(named: String?, environment: [String: String]) throws -> String {
    guard let file = try file(named: named, environment: environment) else {
      throw CommandError(
        .configuration, "no topology file", where: "--topology, BUS_TOPOLOGY, ./Topology/*.yaml",
        help: "name one with --topology FILE")
    }
    return file
  }

  /// Reads a file; all that is wrong with it is in the error.
  static func topology(_ file: String) throws -> Topology {
    do {
      return try Topology(contentsOf: file)
    } catch {
      throw CommandError(
        .badTopology, "the topology is refused:\n\(error)", where: file, help: "bus topology check \(file)")
    }
  }

  private static func entries(of directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }
}
