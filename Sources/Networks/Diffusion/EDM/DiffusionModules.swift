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

  /// - Parameter description: says what a state dict does not.
  /// - Throws: `DiffusionError`.
  init(_ state: StateDict, _ description: ModelDescription?) throws {
    file = state.file
    isStateDict = state.modules.isEmpty
    func name(_ text: String) -> String {
      if text == "model" { return Self.network }
      return text.hasPrefix("model.") ? String(text.dropFirst(6)) : text
    }
    tensors = Dictionary(state.tensors.map { (name($0.name), $0) }) { first, _ in first }
    var list = state.modules.enumerated().map { number, record in
      (name: number == 0 ? Self.preconditioner : name(record.name), record: record)
    }
    if let first = list.first {
      // Of something else altogether the outermost class is what a user knows.
      guard EDMPreconditioning.classes.contains(first.record.className) else {
        throw DiffusionError.otherClass(
          file: file, module: "", got: first.record.className, expected: EDMPreconditioning.classes)
      }
    } else {
      list = try PublishedModules(tensors.mapValues(\.shape), file: file, description).list
    }
    names = list.map(\.name)
    records = Dictionary(list) { first, _ in first }
    parameterCount = state.tensors.reduce(0) { sum, tensor in
      tensor.name.hasSuffix("weight") || tensor.name.hasSuffix("bias") ? sum + tensor.elementCount : sum
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

  private func shown(_ module: String) -> String { module == Self.preconditioner ? "" : module }

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
