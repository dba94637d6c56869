import Checkpoints
import Foundation

/// Per-image measurements on disk, from which a rule can be applied again without the model.
public enum SampleFile {
  /// A safetensors file with one float64 tensor per column.
  /// - Throws: `CheckpointError` for columns that have no place in such a file.
  public static func encode(_ outcome: EvaluationOutcome) throws(CheckpointError) -> Data {
    let columns = outcome.samples.namedColumns.map { name, values in
      TensorToWrite(name: name, dtype: .float64, shape: [values.count], data: values.withUnsafeBytes { Data($0) })
    }
    return try SafetensorsWriter.encode(
      columns, metadata: ["model": outcome.result.model.id, "task": outcome.result.task.id])
  }

  /// `<name>.samples.safetensors` beside `<name>.json`.
  public static func url(beside result: URL) -> URL {
    URL(fileURLWithPath: result.deletingPathExtension().path + ".samples.safetensors")
  }
}
