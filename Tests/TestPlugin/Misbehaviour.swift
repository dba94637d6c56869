import Foundation

/// What plugins do wrong, by name.
struct Misbehaviour {
  private let traits: Set<String>
  private let network: Network

  init(_ traits: Set<String>, _ network: Network) {
    self.traits = traits
    self.network = network
  }

  private func has(_ name: String) -> Bool { traits.contains(name) }

  /// Before anything was read.
  func atStart(_ wire: Wire) {
    if has("ignore-signals") { for number in [SIGTERM, SIGINT, SIGHUP] { signal(number, SIG_IGN) } }
    if has("exit-at-start") {
      wire.say("cannot find weights.bin")
      exit(3)
    }
    if has("print-at-start") { wire.write(Array("Loading model from weights.bin ...\n".utf8)) }
    if has("print-and-answer") {
      wire.write(Array("Done.".utf8) + Array("PAGS".utf8) + [UInt8](repeating: 0, count: 12))
    }
    if has("binary-at-start") { wire.write([0xff, 0x00, 0x01, 0xfe, 0x80, 0x02]) }
    if has("flood") {
      let line = Array((String(repeating: "x", count: 1000) + "\n").utf8)
      for _ in 0..<20_000 { wire.write(line, to: STDERR_FILENO) }
      wire.say("\u{1B}[2Jthe last line")
    }
    if has("child") { startChild(wire) }
    if has("hang-at-start") { hang(wire) }
    if has("child-then-exit") {
      startChild(wire)
      exit(4)
    }
  }

  /// - Returns: whether the request was dealt with here.
  func replaces(_ frame: Wire.Frame, _ wire: inout Wire) -> Bool {
    switch frame.type {
    case "hello": return replacesHello(frame, wire)
    case "logits": return replacesLogits(frame, wire)
    case "vjp": return replacesGradient(frame, wire)
    case "shutdown" where has("stay"): hang(wire)
    default: break
    }
    return false
  }

  /// A runner whose memory shrinks under it would be ended by the system.
  func afterMapping(_ wire: Wire) {
    if has("truncate-memory"), truncate(wire.memoryPath, 0) == 0 { wire.say("the memory could be truncated") }
  }

  private func replacesHello(_ frame: Wire.Frame, _ wire: Wire) -> Bool {
    func announce(_ changes: [(String, String)]) {
      var text = Server(traits: ["good"], network: network).announcement(frame)
      for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
      wire.send(text)
    }
    let changes: [String: (String, String)] = [
      "version-2": ("\"protocol\": 1", "\"protocol\": 2"), "bad-id": ("test-plugin", "../x"),
      "other-kind": ("\"inputShape\"", "\"kind\": \"metric\", \"inputShape\""),
      "bad-shape": ("[1, 2, 3]", "[1, -2, 3]"), "huge-shape": ("[1, 2, 3]", "[65536, 65536, 65536]"),
      "one-class": ("\"classCount\": 3", "\"classCount\": 1"), "no-shape": ("\"inputShape\"", "\"imageShape\""),
      "bad-std": ("\"std\": [0.5]", "\"std\": [0]"), "text-classes": ("\"classCount\": 3", "\"classCount\": \"3\""),
    ]
    for (name, change) in changes where has(name) {
      announce([change])
      return true
    }
    if has("silent") { return true }
    if has("deaf") || has("chatty") {
      announce([("\"shared-memory\", ", "")])
      if has("chatty") { wire.write(Array("ready to serve\n".utf8)) }
      hang(wire)
    }
    if has("not-json") {
      wire.send("{\"type\": ready}")
    } else if has("deep-json") {
      wire.send(String(repeating: "[", count: 60_000))
    } else if has("huge-header") {
      wire.send("{}", headerBytes: .max)
    } else if has("payload-at-hello") {
      wire.send(Server(traits: [], network: network).announcement(frame), payloadBytes: 1 << 40)
    } else if has("half-frame") {
      wire.send("{\"type\": ", headerBytes: 500)
      exit(0)
    } else {
      return false
    }
    return true
  }

  private func replacesLogits(_ frame: Wire.Frame, _ wire: Wire) -> Bool {
    let count = frame.header["tensor"]?["shape"]?.arrayValue?.first?.intValue ?? 0
    let shape = [count, Network.classes]
    func header(_ shape: [Int], request: Int? = nil, type: String = "logits") -> String {
      "{\"type\": \"\(type)\", \"request\": \(request ?? frame.request), "
        + "\"tensor\": {\"shape\": \(shape), \"place\": \"inline\"}}"
    }
    func floats(_ count: Int, _ value: Float) -> [UInt8] {
      [Float](repeating: value, count: count).withUnsafeBytes(Array.init)
    }
    if has("crash") {
      wire.say("about to crash")
      // Without the Swift runtime's own report.
      signal(SIGABRT, SIG_DFL)
      abort()
    }
    if has("killed") { kill(getpid(), SIGKILL) }
    if has("exit-midway") {
      wire.say("out of memory on cuda:0")
      exit(7)
    }
    if has("hang") { hang(wire) }
    if has("close-output") {
      close(STDOUT_FILENO)
      hang(wire)
    }
    if has("trickle") {
      // One byte at a time, faster than any time limit of a single read.
      while true {
        wire.write([UInt8(ascii: "P")])
        for byte in Array("AGS".utf8) + [100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + Array(repeating: 32, count: 100) {
          usleep(40_000)
          wire.write([byte])
        }
      }
    }
    if has("report") {
      wire.send(
        "{\"type\": \"error\", \"request\": \(frame.request), \"message\": \"Traceback: no kernel image\\nfor this device\"}"
      )
    } else if has("print") {
      wire.write(Array("epoch 3: loss 0.12\n".utf8))
    } else if has("wrong-shape") {
      wire.send(header([count, 4]), payload: floats(4 * count, 0))
    } else if has("transposed") {
      wire.send(header([Network.classes, count]), payload: floats(Network.classes * count, 0))
    } else if has("nan") {
      wire.send(header(shape), payload: floats(Network.classes * count, .nan))
    } else if has("huge-payload") {
      wire.send(header(shape), payload: [0], payloadBytes: .max)
    } else if has("short-payload") {
      wire.send(header(shape), payload: [0, 0, 0, 0])
    } else if has("truncated") {
      wire.send(header(shape), payload: [0, 0, 0, 0], payloadBytes: UInt64(4 * Network.classes * count))
      exit(0)
    } else if has("other-request") {
      wire.send(header(shape, request: frame.request - 1), payload: floats(Network.classes * count, 0))
    } else if has("other-type") {
      wire.send(header(shape, type: "gradient"), payload: floats(Network.classes * count, 0))
    } else if has("shared-elsewhere") {
      wire.send(
        "{\"type\": \"logits\", \"request\": \(frame.request), "
          + "\"tensor\": {\"shape\": \(shape), \"place\": \"shared\", \"offset\": 0}}")
    } else {
      return false
    }
    return true
  }

  private func replacesGradient(_ frame: Wire.Frame, _ wire: Wire) -> Bool {
    let count = frame.header["tensor"]?["shape"]?.arrayValue?.first?.intValue ?? 0
    guard has("infinite-gradient") || has("flat-gradient") else { return false }
    let shape = has("flat-gradient") ? [count, network.pixels] : [count] + network.shape
    var scalars = [Float](repeating: 0, count: count * network.pixels)
    if has("infinite-gradient") { scalars[scalars.count - 1] = .infinity }
    wire.send(
      "{\"type\": \"gradient\", \"request\": \(frame.request), \"tensor\": {\"shape\": \(shape), \"place\": \"inline\"}}",
      payload: scalars.withUnsafeBytes(Array.init))
    return true
  }

  /// A process of the plugin's own, which holds its pipes and has the plugin's last argument, by which it can be found.
  private func startChild(_ wire: Wire) {
    // Not Foundation's, which puts it into a process group of its own. Not a shell, which starts processes that look
    // like itself for a moment.
    let words = [CommandLine.arguments[0], "hang-at-start", "1,2,3", CommandLine.arguments.last ?? ""]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var child: pid_t = 0
    if posix_spawn(&child, words[0], nil, nil, arguments, environ) != 0 { wire.say("no child") }
    for argument in arguments { free(argument) }
  }

  private func hang(_ wire: Wire) -> Never {
    wire.say("waiting for the GPU")
    while true { sleep(1000) }
  }
}
