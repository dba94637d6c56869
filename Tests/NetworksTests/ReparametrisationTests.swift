import Checkpoints
import Testing
import _Fixtures

@testable import Networks

/// Weights that are computed of other tensors are named with the call that writes them out.
@Suite struct ReparametrisationTests {
  @Test(arguments: [
    (["weight_orig", "weight_mask"], "pruning", "torch.nn.utils.prune.remove(module, \"weight\")"),
    (["weight_g", "weight_v"], "weight normalisation", "torch.nn.utils.remove_weight_norm(module, \"weight\")"),
    (["weight_orig", "weight_u", "weight_v"], "spectral normalisation", "torch.nn.utils.remove_spectral_norm"),
    (
      ["parametrizations.weight.original0", "parametrizations.weight.original1"], "a parametrisation",
      "torch.nn.utils.parametrize.remove_parametrizations(module, \"weight\")"
    ),
  ]) func eachKindIsNamed(suffixes: [String], kind: String, call: String) throws {
    let tensors = try ModelFixtures.tensors("resnet18").filter { $0.name != "linear.weight" }
    let others = suffixes.map { TensorToWrite(name: "linear.\($0)", shape: [1], floats: [1]) }
    let file = try ModelFixtures.write(tensors + others)
    for architecture in [nil, "resnet18"] {
      let message = ModelFixtures.message {
        _ = try ModelFixtures.load(file, architecture: architecture, images: [3, 12, 12])
      }
      #expect(message?.contains(kind) == true && message?.contains(call) == true, "\(message ?? "read")")
    }
  }
}
