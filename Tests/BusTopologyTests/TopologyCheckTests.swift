import BusProtocol
import BusTopology
import Testing

@Suite struct TopologyCheckTests {
  private let text = """
    version: 1
    engines:
      search:
        binary: shop
        queues: { default: {}, reindex: {} }
        subscriptions: { user_index: { queue: reindex }, old: { enabled: false } }
    """

  private func advice(_ declarations: [EngineDeclaration], text: String? = nil) throws -> [String] {
    let topology = try Topology(parsing: text ?? self.text, file: "shop.yaml")
    return TopologyCheck.check(topology, declarations: declarations).map(\.description)
  }

  private func search(
    subscriptions: [(String, String)] = [("user_index", "default"), ("old", "default")],
    workers: [(String, String)] = [("IndexUser", "default")]
  ) throws -> EngineDeclaration {
    EngineDeclaration(
      engine: "search",
      subscriptions: try subscriptions.map {
        EngineDeclaration.Subscription(name: try Name($0.0), patterns: ["user_*"], queue: try Name($0.1))
      },
      workers: try workers.map {
        EngineDeclaration.Worker(name: try Name($0.0), queue: try Name($0.1), inputs: ["userID"])
      })
  }

  @Test func `a topology that fits says only what is disabled`() throws {
    #expect(
      try advice([search()]) == [
        "shop.yaml:6:54: info: subscription search/old is declared by the binary but disabled here"
      ])
  }

  @Test func `a queue that nothing names is a warning`() throws {
    let text = self.text.replacing("reindex: {}", with: "reindex: {}, idle: {}")
    #expect(
      try advice([search()], text: text).first == """
        shop.yaml:5:41: warning: queue search/idle is named by no worker and no subscription
           = help: remove it, or name it in the engine
        """)
  }

  @Test func `a worker or a subscription whose queue is missing is an error`() throws {
    let declaration = try search(
      subscriptions: [("user_index", "gone"), ("old", "gone")], workers: [("IndexUser", "defualt")])
    #expect(
      try advice([declaration]).prefix(2) == [
        """
        shop.yaml:3:3: error: worker IndexUser names queue 'defualt', which engine search does not have
           = help: did you mean 'default'?
        """,
        """
        shop.yaml:3:3: error: subscription old names queue 'gone', which engine search does not have
           = help: add it to the engine's 'queues'
        """,
      ])
  }

  @Test func `a wired subscription that the binary does not declare is an error`() throws {
    let declaration = try search(subscriptions: [("user_indexes", "default"), ("old", "default")])
    #expect(
      try advice([declaration]).first == """
        shop.yaml:6:22: error: subscription search/user_index is wired here, but the binary does not declare it
           = help: did you mean 'user_indexes'?
        """)
  }

  @Test func `a declared subscription that is not wired is said`() throws {
    let declaration = try search(subscriptions: [("user_index", "default"), ("old", "default"), ("new", "default")])
    #expect(
      try advice([declaration]).contains(
        "shop.yaml:3:3: info: subscription search/new is declared by the binary but not wired: its jobs go to queue default"
      ))
  }

  @Test func `an engine that only one side knows is said`() throws {
    let mail = EngineDeclaration(engine: "serach")
    #expect(
      try advice([mail]) == [
        """
        shop.yaml: error: engine serach is declared by its binary, but is not in the topology
           = help: did you mean 'search'?
        """,
        """
        shop.yaml:3:3: warning: engine search is declared by no binary that was asked
           = help: run 'shop --bus-describe' and see what it answers
        """,
      ])
  }

  @Test func `a declaration is the JSON that a binary answers`() throws {
    let json =
      #"{"engine":"search","subscriptions":[{"name":"user_index","patterns":["user_changed"],"queue":"default"}],"#
      + #""workers":[{"name":"IndexUser","queue":"default","inputs":["userID"]}]}"#
    let declaration = try EngineDeclaration(json: JSONParser.parse(json.utf8))
    #expect(declaration.subscriptions[0].patterns == ["user_changed"])
    #expect(declaration.workers[0].inputs == ["userID"])
    #expect(declaration.json.text == json)
  }

  @Test(arguments: [
    "{}", #"{"engine":"a b"}"#, #"{"engine":"a","workers":{}}"#, #"{"engine":"a","workers":[{"name":"W"}]}"#,
    #"{"engine":"a","workers":[{"name":"W","queue":"q","inputs":[1]}]}"#, "[]",
    #"{"engine":"a","subscriptions":[{"name":"s","patterns":["a b"],"queue":"q"}]}"#,
  ])
  func `what is no declaration is refused`(_ json: String) {
    #expect(throws: ProtocolError.self) { try EngineDeclaration(json: JSONParser.parse(json.utf8)) }
  }

  @Test func `a schedule of the binary is overridden by the topology's, and names a queue that is there`() throws {
    var declaration = try search()
    declaration.schedules = [
      .init(name: "tick", when: "every 5m", worker: "IndexUser", queue: "default"),
      .init(name: "tock", when: "every 1h", worker: "IndexUser", queue: "default"),
      .init(name: "late", when: "every 1d", worker: "IndexUser", queue: "nowhere"),
    ]
    let text =
      self.text + """

            schedules:
              tick: { every: 1m, worker: IndexUser }
              tock: { every: 1m, worker: IndexUser, enabled: false }
        """
    let found = try advice([declaration], text: text)
    #expect(
      found.contains {
        $0.hasSuffix(
          "info: schedule search/tick is 'every 1m' here, and takes the place of the binary's 'every 5m'")
      }, "\(found)")
    #expect(found.contains { $0.hasSuffix("info: schedule search/tock is declared by the binary but disabled here") })
    #expect(
      found.contains { $0.contains("error: schedule late names queue 'nowhere', which engine search does not have") })
  }
}
