extension FuzzSeeds {
  static let topologies = [
    """
    version: 1
    bus:
      spool: { retain: { age: 14d, size: 20GiB } }
    topics:
      "user_*": { retain: { age: 90d } }
      "debug_*": { retain: none }
    retry:
      payment: { attempts: 25, base: 30s, max: 12h }
    engines:
      search:
        binary: shop
        arguments: [search]
        queues:
          default: { priority: 100, retry: payment }
          low: { priority: -5000, starve-after: 10m }
        workers: { processes: 2, concurrency: 16 }
        subscriptions:
          user_index: { queue: default }
    """,
    """
    version: 1
    access:
      keys: /etc/bus/keys
      key: /etc/bus/busd.key
      principals: { account: { publish: ["user_*"] } }
    engines: { mail: { binary: "mail" } }
    """,
  ]
}
