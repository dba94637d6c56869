import JSON

/// What this process and the worker tell each other. A request's frame has a `Header`, and one of the others as its payload, in
/// JSON, which may be of any length; an answer is a header alone. Both sides are of the same version: the worker is part of the
/// program.
enum DeviceMessages {
  struct Header: Encodable {
    let type: String
    let request: Int
  }

  /// A `SharedRegion`.
  struct Memory: Encodable {
    let path: String
    let bytes: Int
  }

  /// What nobody will ask for any more; goes along with the next request.
  struct Forgotten: Encodable {
    var programs: [Int] = []
    var workspaces: [Int] = []
    var constants: [String] = []
    var tensors: [Int] = []
  }

  struct Hello: Encodable {
    let device: String
    let precision: String
  }

  struct Ready: Decodable {
    /// Why there is no such device; nil where there is.
    let problem: String?
    let memory: String?
    let name: String?
    let hardware: String?
    let driver: String?
    let software: [String: String]?
  }

  /// Of a request that says nothing but its type.
  struct Nothing: Encodable {}

  struct Devices: Decodable {
    let devices: [DeviceListing.Device]
    let torch: String
    let python: String
    let executable: String
  }

  struct Compile: Encodable {
    let forget: Forgotten
    let program: Int
    /// The constants that the worker does not have yet, as safetensors named by their digests.
    let weights: Memory?
    /// See `DeviceGraph`.
    let graph: JSONValue
  }

  struct Workspace: Encodable {
    let forget: Forgotten
    let workspace: Int
    let program: Int
    let memory: Memory
    /// Where in the memory each input lies, in bytes; those that are resident tensors do not.
    let inputs: [String: Int]
    /// -1 for one that takes the place of a resident tensor.
    let outputs: [Int]
    /// `DeviceTensors` that the workspace belongs to.
    let tensors: Int?
    /// Outputs by the names of the tensors that they take the place of.
    let replacing: [String: Int]
  }

  /// To take tensors from the memory (`store`), or to write them there (`fetch`).
  struct Tensors: Encodable {
    struct Place: Encodable {
      /// In bytes.
      let offset: Int
      let count: Int
    }

    let forget: Forgotten
    let tensors: Int
    let memory: Memory
    let places: [String: Place]
  }

  struct Run: Encodable {
    let forget: Forgotten
    let workspace: Int
    let stage: Int
    /// Inputs that were set since the last run.
    let changed: [String]
  }

  struct Answer: Decodable {
    /// What it had no memory for, in PyTorch's words.
    let memory: String?
    /// An operator that it does not know.
    let unsupported: String?
  }
}
