import Graph
import Tensor

/// The shared memory of one worker thread that runs a `DeviceProgram`, and its values on the device.
final class DeviceWorkspace: Workspace {
  private let compiled: DeviceProgram
  private let number: Int
  private let places: DevicePlaces
  private let region: SharedRegion
  /// Which some inputs are, and some outputs become.
  private let tensors: DeviceTensors?
  /// Inputs that the device does not have as they are now.
  private var changed: Set<String>
  /// Inputs whose memory somebody holds: they may change at any time.
  private var held: Set<String> = []

  var program: any CompiledProgram { compiled }

  /// - Parameters:
  ///   - resident: names of `tensors`.
  ///   - replacing: names of those that outputs take the place of.
  /// - Throws: `GraphError.allocation`, `device`.
  init(
    _ program: DeviceProgram, tensors: DeviceTensors? = nil, resident: Set<String> = [],
    replacing outputs: [Int: String] = [:]
  ) throws(GraphError) {
    compiled = program
    self.tensors = tensors
    let connection = program.connection
    let number = connection.nextNumber()
    let places = DevicePlaces(program.plan, resident: resident, staying: Set(outputs.keys))
    guard let region = SharedRegion(bytes: places.bytes) else {
      throw .allocation(what: "one run of the graph", bytes: places.bytes)
    }
    (self.number, self.places, self.region) = (number, places, region)
    changed = Set(places.inputs.keys)
    do {
      _ = try connection.ask("workspace", DeviceMessages.Answer.self, type: "workspace", doing: "preparing a run") {
        DeviceMessages.Workspace(
          forget: connection.takeForgotten(), workspace: number, program: program.number, memory: region.place,
          inputs: places.inputs, outputs: places.outputs, tensors: tensors?.number,
          replacing: outputs.reduce(into: [:]) { $0[$1.value] = $1.key })
      }
    } catch { throw .device("\(error)") }
  }

  deinit { compiled.connection.forget(workspace: number) }

  private func floats(at offset: Int) -> UnsafeMutablePointer<Float> {
    (region.base + offset).assumingMemoryBound(to: Float.self)
  }

  /// Where an input lies; nil where the optimised program does not need it.
  private func place(of name: String) -> (base: UnsafeMutablePointer<Float>, shape: Shape)? {
    if let input = compiled.plan.inputs[name], let offset = places.inputs[name] {
      return (floats(at: offset), input.shape)
    }
    precondition(
      compiled.plan.unneededInputs.contains(name), "`\(name)` is no input of the graph, or stays on the device")
    return nil
  }

  func set(_ name: String, to tensor: Tensor) throws(GraphError) {
    guard let input = place(of: name) else { return }
    guard input.shape == tensor.shape else {
      throw .inputShape(name: name, expected: input.shape, got: tensor.shape)
    }
    tensor.scalars.withUnsafeBufferPointer { fill(name, input, $0) }
  }

  func set(_ name: String, to source: UnsafeBufferPointer<Float>) {
    guard let input = place(of: name) else { return }
    precondition(
      source.count <= input.shape.count, "\(source.count) numbers for the input `\(name)` of shape \(input.shape)")
    fill(name, input, source)
  }

  private func fill(
    _ name: String, _ input: (base: UnsafeMutablePointer<Float>, shape: Shape), _ source: UnsafeBufferPointer<Float>
  ) {
    if let base = source.baseAddress { input.base.update(from: base, count: source.count) }
    (input.base + source.count).update(repeating: 0, count: input.shape.count - source.count)
    changed.insert(name)
  }

  func inputBuffer(_ name: String) -> UnsafeMutableBufferPointer<Float>? {
    guard let input = compiled.plan.inputs[name], let offset = places.inputs[name] else { return nil }
    held.insert(name)
    return UnsafeMutableBufferPointer(start: floats(at: offset), count: input.shape.count)
  }

  func runFirstStage() throws { try run(stage: 0) }

  func runSecondStage() throws {
    if compiled.hasSecondStage { try run(stage: 1) }
  }

  /// One question to the worker for all operators of a stage: to stop is possible before it and while it is waited for.
  private func run(stage: Int) throws {
    try Cancellation.current?.check()
    let sent = changed.union(held)
    let connection = compiled.connection
    let answer = try connection.ask("run", DeviceMessages.Answer.self, type: "done", doing: "computing", isRun: true) {
      DeviceMessages.Run(
        forget: connection.takeForgotten(), workspace: number, stage: stage, changed: sent.sorted())
    }
    if let reason = answer.memory {
      throw GraphError.deviceMemory(device: compiled.backend.name, what: "one run of the network", reason: reason)
    }
    changed = []
  }

  func outputBuffer(_ index: Int) -> UnsafeBufferPointer<Float> {
    precondition(places.outputs[index] >= 0, "output \(index) stays on the device")
    return UnsafeBufferPointer(start: floats(at: places.outputs[index]), count: compiled.outputShapes[index].count)
  }
}
