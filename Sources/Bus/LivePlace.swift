/// Where the live events are, seen from a client.
enum LivePlace {
  /// What busd names, with the host by which busd itself is reached where it names all addresses.
  static func reachable(_ live: String, from requests: String) -> String {
    let all = "tcp://0.0.0.0:"
    guard live.hasPrefix(all), requests.hasPrefix("tcp://"), let colon = requests.lastIndex(of: ":") else {
      return live
    }
    return "\(requests[..<colon]):\(live.dropFirst(all.count))"
  }
}
