/// Why busd does not let a process in, as far as the other side can tell.
enum AdmissionRefusal: Equatable {
  /// Its key is not among those that busd knows, or not any more.
  case unknownKey
  /// It has no key, and is asked for one.
  case asksForKey
  /// Who answers does not speak with keys, or not as busd does.
  case otherServer
  /// The connection is closed before anything is said: what busd does when it is called by another's key.
  case closed

  var why: String {
    switch self {
    case .unknownKey: "busd does not know its key"
    case .asksForKey: "busd asks for a key, or nobody there is a busd"
    case .otherServer: "who answers has another key than BUS_SERVER_KEY says, or asks for none"
    case .closed: "the connection is closed at once: busd may have another key than BUS_SERVER_KEY says"
    }
  }

  var help: String {
    switch self {
    case .unknownKey: "put its NAME.pub into the directory that access.keys of busd's topology names, and reload busd"
    case .asksForKey: "set BUS_KEY_FILE and BUS_SERVER_KEY to the paths of NAME.key and busd.pub"
    case .otherServer: "check that BUS_SERVER_KEY names the busd.pub of the busd at BUS_ENDPOINT, and that it has keys"
    case .closed: "check that BUS_SERVER_KEY names the busd.pub of the busd at BUS_ENDPOINT"
    }
  }

  func error(at endpoint: String) -> BusError {
    BusError(code: "not_admitted", "\(endpoint) does not let this process in: \(why)", help: help)
  }
}
