import Graph
import Synchronization
import Tensor

/// Tensors that stay on the device. They travel through memory that is there for the length of a transfer alone.
final class DeviceTensors: ResidentTensors {
  let number: Int
  private let backend: DeviceBackend
  /// How many numbers each tensor has.
  private let counts = Mutex<[String: Int]>([:])

  private var connection: DeviceConnection { backend.connection }

  init(on backend: DeviceBackend) {
    self.backend = backend
    number = backend.connection.nextNumber()
  }

  deinit { connection.forget(tensors: number) }

  func store(_ tensors: [String: [Float]]) throws(GraphError) {
    let places = Places(tensors.mapValues(\.count))
    let region = try places.region()
    for (name, values) in tensors {
      values.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress {
          (region.base + places.offset(of: name)).copyMemory(from: base, byteCount: bytes.count)
        }
      }
    }
    try transfer("store", "stored", places, region)
    counts.withLock { $0.merge(tensors.mapValues(\.count)) { $1 } }
  }

  func fetch(_ names: [String]) throws(GraphError) -> [String: [Float]] {
    let places = Places(
      counts.withLock { counts in
        names.reduce(into: [:]) { wanted, name in
          precondition(counts[name] != nil, "`\(name)` was not stored")
          wanted[name] = counts[name]
        }
      })
    let region = try places.region()
    try transfer("fetch", "fetched", places, region)
    return places.entries.reduce(into: [:]) { values, entry in
      let start = (region.base + entry.value.offset).assumingMemoryBound(to: Float.self)
      values[entry.key] = Array(UnsafeBufferPointer(start: start, count: entry.value.count))
    }
  }

  func makeWorkspace(
    of program: any CompiledProgram, replacing outputs: [Int: String]
  ) throws(GraphError) -> any Workspace {
    guard let program = program as? DeviceProgram else { preconditionFailure("a program of another backend") }
    let resident = counts.withLock { Set($0.keys) }
    return try DeviceWorkspace(program, tensors: self, resident: resident, replacing: outputs)
  }

  private func transfer(
    _ request: String, _ answerType: String, _ places: Places, _ region: SharedRegion
  ) throws(GraphError) {
    let answer: DeviceMessages.Answer
    do {
      answer = try withExtendedLifetime(region) {
        try connection.ask(
          request, DeviceMessages.Answer.self, type: answerType, doing: "moving the weights of a training"
        ) {
          DeviceMessages.Tensors(
            forget: connection.takeForgotten(), tensors: number, memory: region.place, places: places.entries)
        }
      }
    } catch { throw .device("\(error)") }
    if let reason = answer.memory {
      throw .deviceMemory(device: backend.name, what: "the weights of a training", reason: reason)
    }
  }

  /// One behind the other in a memory of their own.
  private struct Places {
    private(set) var entries: [String: DeviceMessages.Tensors.Place] = [:]
    private var bytes = 0

    init(_ counts: [String: Int]) {
      for (name, count) in counts {
        entries[name] = .init(offset: bytes, count: count)
        bytes += SharedRegion.aligned(count * MemoryLayout<Float>.stride)
      }
    }

    func offset(of name: String) -> Int { entries[name]?.offset ?? 0 }

    func region() throws(GraphError) -> SharedRegion {
      guard let region = SharedRegion(bytes: bytes) else {
        throw .allocation(what: "the weights of a training, on their way to or from the device", bytes: bytes)
      }
      return region
    }
  }
}
