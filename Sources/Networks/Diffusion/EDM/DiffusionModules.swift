import BenchCore
import Checkpoints
import Tensor

/// The modules of a diffusion model as a file describes them: classes, settings, and tensors checked against the shapes that follow
/// from those.
struct DiffusionModules: Sendable {
  let file: String
  /// Whether the settings are those of the published networks, because the file holds tensors alone.
  let isStateDict: Bool
  /// Trained numbers of the whole file.
  let parameterCount: Int
  private let records: [String: ModuleRecord]
  /// All modules, in the order in which they were made.
  private let names: [String]
  private let tensors: [String: StoredTensor]

  /// Names of the two outermost modules. The names of all others begin with `enc.`, `dec.` and so on.
  static let preconditioner = "(preconditioner)"
  static let network = ""

  /// Of EDM, and that of EDM2.
  static let outermostClasses = EDMPreconditioning.classes + [EDMPreconditioning.secondClass]

  /// - Parameter description: says what a state dict does not.
  /// - Throws: `DiffusionError`.
  init(_ state: StateDict, _ description: ModelDescription?) throws {
    file = state.file
    isStateDict = state.modules.isEmpty
    func name(_ text: String) -> String {
      for own in ["model", "unet"] {
        if text == own { return Self.network }
        if text.hasPrefix(own + ".") { return String(text.dropFirst(own.count + 1)) }
      }
      return text
    }
    tensors = Dictionary(state.tensors.map { (name($0.name), $0) }) { first, _ in first }
    var list = state.modules.enumerated().map { number, record in
      (name: number == 0 ? Self.preconditioner : name(record.name), record: record)
    }
    if let first = list.first {
      // Of something else altogether the outermost class is what a user knows.
      guard Self.outermostClasses.contains(first.record.className) else {
        throw DiffusionError.otherClass(
          file: file, module: "", got: first.record.className, expected: Self.outermostClasses)
      }
    } else {
      list = try PublishedModules(tensors.mapValues(\.shape), file: file, description).list
    }
    names = list.map(\.name)
    records = Dictionary(list) { first, _ in first }
    parameterCount = state.tensors.reduce(0) { sum, tensor in
      ["weight", "bias", "gain"].contains { tensor.name.hasSuffix($0) } ? sum + tensor.elementCount : sum
    }
  }

  // MARK: - Structure

  func contains(_ module: String) -> Bool { records[module] != nil }

  /// The modules directly inside `enc` or `dec`, in order, by their names in there.
  func children(of module: String) -> [String] {
    let prefix = module + "."
    return names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
      .filter { !$0.contains(".") }
  }

  /// - Throws: `DiffusionError.missingModule`, `.otherClass`.
  @discardableResult
  func className(_ module: String, among expected: [String]) throws -> String {
    guard let record = records[module] else { throw DiffusionError.missingModule(file: file, module: module) }
    guard expected.contains(record.className) else {
      throw DiffusionError.otherClass(file: file, module: module, got: record.className, expected: expected)
    }
    return record.className
  }

  // MARK: - Settings

  func number(_ setting: String, of module: String, in range: ClosedRange<Double>) throws -> Double {
    guard case .number(let value)? = records[module]?.settings[setting] else {
      throw DiffusionError.missingSetting(file: file, module: shown(module), setting: setting)
    }
    guard range.contains(value) else {
      throw DiffusionError.invalidSetting(
        file: file, module: shown(module), setting: setting, got: "\(value)",
        expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func integer(_ setting: String, of module: String, in range: ClosedRange<Int>) throws -> Int {
    let value = try number(setting, of: module, in: Double(range.lowerBound)...Double(range.upperBound))
    guard let integer = Int(exactly: value) else {
      throw DiffusionError.invalidSetting(
        file: file, module: shown(module), setting: setting, got: "\(value)", expected: "a whole number")
    }
    return integer
  }

  func flag(_ setting: String, of module: String) throws -> Bool {
    guard case .flag(let value)? = records[module]?.settings[setting] else {
      throw DiffusionError.missingSetting(file: file, module: shown(module), setting: setting)
    }
    return value
  }

  /// One of several words.
  func text(_ setting: String, of module: String, among expected: [String]) throws -> String {
    guard case .text(let value)? = records[module]?.settings[setting] else {
      throw DiffusionError.missingSetting(file: file, module: shown(module), setting: setting)
    }
    guard expected.contains(value) else {
      throw DiffusionError.invalidSetting(
        file: file, module: shown(module), setting: setting, got: "`\(value)`",
        expected: expected.map { "`\($0)`" }.joined(separator: ", "))
    }
    return value
  }

  /// That a list is the one that is read.
  func numbers(_ setting: String, of module: String, expected: [Double]) throws {
    guard case .numbers(let values)? = records[module]?.settings[setting] else {
      throw DiffusionError.missingSetting(file: file, module: shown(module), setting: setting)
    }
    guard values == expected else {
      throw DiffusionError.invalidSetting(
        file: file, module: shown(module), setting: setting, got: "\(values)", expected: "\(expected)")
    }
  }

  /// Whether a setting is there, and not None.
  func has(_ setting: String, of module: String) -> Bool { records[module]?.settings[setting] != nil }

  private func shown(_ module: String) -> String { module == Self.preconditioner ? "" : module }

  /// That a layer's channels are those that its place asks for.
  /// - Throws: `DiffusionError.wiring`.
  func check(_ module: String, goes got: (from: Int, to: Int), expected: (from: Int, to: Int)) throws {
    guard got == expected else {
      throw DiffusionError.wiring(
        file: file, module: module,
        reason: "goes from \(got.from) to \(got.to) channels, expected from \(expected.from) to \(expected.to)")
    }
  }

  // MARK: - Tensors

  /// nil where there is no such tensor.
  func shape(of tensor: String) -> [Int]? { tensors[tensor]?.shape }

  /// - Throws: `DiffusionError.missingTensor`, `.tensorShape`, `.notFiniteWeights`, `CheckpointError`.
  func floats(_ name: String, shape: [Int]) throws -> [Float] {
    guard let tensor = tensors[name] else { throw DiffusionError.missingTensor(file: file, tensor: name) }
    guard tensor.shape == shape else {
      throw DiffusionError.tensorShape(file: file, tensor: name, got: tensor.shape, expected: shape)
    }
    let values = try tensor.floats()
    guard values.allSatisfy(\.isFinite) else { throw DiffusionError.notFiniteWeights(file: file, tensor: name) }
    return values
  }
}
