import Checkpoints
import Foundation
import JSON

/// Per-image measurements on disk, from which a rule can be applied again without the model.
public struct SampleFile: Sendable, Equatable {
  public var samples: SampleTable
  /// Nil in files from before rule v2.
  public var inputs: RegimeInputs?

  public init(samples: SampleTable, inputs: RegimeInputs?) {
    self.samples = samples
    self.inputs = inputs
  }

  /// A safetensors file with one float64 tensor per column, and what the rules need beside them in its metadata.
  /// - Throws: `CheckpointError` for columns that have no place in such a file.
  public static func encode(_ outcome: EvaluationOutcome) throws -> Data {
    try encode(outcome.samples, outcome.inputs, of: outcome.result)
  }

  static func encode(_ samples: SampleTable, _ inputs: RegimeInputs?, of result: EvaluationResult) throws -> Data {
    let columns = samples.namedColumns.map { name, values in
      TensorToWrite(name: name, dtype: .float64, shape: [values.count], data: values.withUnsafeBytes { Data($0) })
    }
    var metadata = ["model": result.model.id, "task": result.task.id]
    if let inputs { metadata[inputsKey] = String(decoding: try JSONEncoding.encodeCompact(inputs), as: UTF8.self) }
    return try SafetensorsWriter.encode(columns, metadata: metadata)
  }

  /// - Throws: `CheckpointError`, JSON's errors, and `ResultError.invalid` for a file that holds something else.
  public static func read(_ url: URL) throws -> SampleFile {
    let content = try SafetensorsReader.read(CheckpointFile.open(url.path))
    var columns: [(name: String, values: [Double])] = []
    let count = content.tensors.first?.elementCount ?? 0
    for tensor in content.tensors {
      guard tensor.dtype == .float64, tensor.shape == [count], count > 0 else {
        throw ResultError.invalid(
          file: url.path,
          problems: ["`\(tensor.name)` is \(tensor.dtype.rawValue) \(tensor.shape), expected float64 [\(count)]"])
      }
      columns.append((tensor.name, try tensor.doubles()))
    }
    guard !columns.isEmpty else { throw ResultError.invalid(file: url.path, problems: ["it holds no samples"]) }
    let inputs = try content.metadata[inputsKey].map {
      try JSONDecoding.decode(RegimeInputs.self, from: Data($0.utf8), source: "\(url.path): \(inputsKey)")
    }
    if let problem = inputs?.problem { throw ResultError.invalid(file: url.path, problems: [problem]) }
    return SampleFile(samples: SampleTable(columns), inputs: inputs)
  }

  private static let inputsKey = "regime-inputs"

  /// `<name>.samples.safetensors` beside `<name>.json`.
  public static func url(beside result: URL) -> URL {
    URL(fileURLWithPath: result.deletingPathExtension().path + ".samples.safetensors")
  }
}

extension RegimeInputs {
  /// What is wrong with inputs from a file; nil where nothing is.
  var problem: String? {
    guard (2...1_000_000_000).contains(classCount) else { return "classCount is \(classCount)" }
    let numbers = [wideStep, smallStep, decisive.noise, temperatureScale ?? 1]
    guard numbers.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return "steps, noise and temperature are \(numbers)" }
    return parameters >= 0 ? nil : "parameters is \(parameters)"
  }
}
