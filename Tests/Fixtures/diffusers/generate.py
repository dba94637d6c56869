"""Float64 scores of networks of diffusers with made-up weights.

    python Tests/Fixtures/diffusers/generate.py

Writes `goldens.json` beside itself: for each network its two configurations as diffusers saves them, the names and shapes of its
tensors, and the scores in pixel units of two images at the noise of two steps, by which the network was asked at whole times. Weights
and images are a hash of their place (`values` of Tests/Fixtures/lpips/generate.py), which `DiffusersFixture` computes too. Made with
Python 3.11, PyTorch 2.15.0, diffusers 0.42.1, NumPy 2.4.6.
"""

import json
import pathlib
import sys
import tempfile

import numpy
import torch
from diffusers import DDPMScheduler, UNet2DModel

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lpips"))
from generate import values  # noqa: E402

STEPS = [60, 300]
CASES = {
    # As google/ddpm-cifar10-32, smaller.
    "ddpm": (dict(block_out_channels=(16, 32), down_block_types=("DownBlock2D", "AttnDownBlock2D"),
                  up_block_types=("AttnUpBlock2D", "UpBlock2D"), layers_per_block=1, norm_num_groups=4,
                  attention_head_dim=None, downsample_padding=0, flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-6), {}),
    "heads": (dict(in_channels=1, out_channels=1, block_out_channels=(16, 16, 32),
                   down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
                   up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"), layers_per_block=1,
                   norm_num_groups=8, attention_head_dim=8, num_class_embeds=5, mid_block_scale_factor=1.5),
              dict(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")),
    "adaptive": (dict(out_channels=6, block_out_channels=(16, 32),
                      down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
                      up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"), layers_per_block=2, norm_num_groups=4,
                      resnet_time_scale_shift="scale_shift"),
                 dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, prediction_type="sample")),
    "resnet": (dict(block_out_channels=(8, 16, 16), layers_per_block=1, norm_num_groups=4, downsample_type="resnet",
                    down_block_types=("AttnDownBlock2D",) * 3, up_block_types=("AttnUpBlock2D",) * 3,
                    upsample_type="resnet", attn_norm_num_groups=2, resnet_time_scale_shift="scale_shift"), {}),
    "plain": (dict(block_out_channels=(8, 16), down_block_types=("DownBlock2D", "DownBlock2D"),
                   up_block_types=("UpBlock2D", "UpBlock2D"), layers_per_block=1, norm_num_groups=4,
                   add_attention=False, time_embedding_dim=24),
              dict(beta_schedule="sigmoid", rescale_betas_zero_snr=True)),
}


def fill(model):
    """Weights of about the size that keeps a value's, factors near 1; a stream for each tensor, by the order of names."""
    state = model.state_dict()
    for stream, name in enumerate(sorted(state)):
        tensor = state[name]
        numbers = values(stream, tensor.numel())
        if tensor.ndim > 1:
            fan_in = tensor.numel() // tensor.shape[0]
            numbers = numbers * numpy.float32((3.0 / fan_in) ** 0.5)
        else:
            numbers = numpy.float32(0.25) * numbers + numpy.float32(1 if name.endswith("weight") else 0)
        state[name] = torch.tensor(numbers.reshape(tensor.shape))
    model.load_state_dict(state)
    return {name: list(state[name].shape) for name in sorted(state)}


def saved(part, name):
    with tempfile.TemporaryDirectory() as folder:
        part.save_config(folder)
        return json.loads((pathlib.Path(folder) / name).read_text())


def golden(settings, noise):
    model = UNet2DModel(sample_size=8, **settings).eval()
    scheduler = DDPMScheduler(num_train_timesteps=1000, **noise)
    shapes = fill(model)
    model = model.double()
    channels = settings.get("in_channels", 3)
    pixels = torch.tensor(values(1000, 2 * channels * 64).reshape(2, channels, 8, 8)).double() / 2 + 0.5
    x = 2 * pixels - 1
    labels = {"class_labels": torch.tensor([3, 1])} if "num_class_embeds" in settings else {}
    references = []
    for step in STEPS:
        signal = scheduler.alphas_cumprod[step].double()
        sigma = ((1 - signal) / signal).sqrt()
        seen = signal.sqrt() * x
        with torch.no_grad():
            output = model(seen, torch.tensor(float(step)), **labels).sample[:, :channels]
        clean = {
            "epsilon": x - sigma * output,
            "sample": output,
            "v_prediction": signal.sqrt() * seen - (1 - signal).sqrt() * output,
        }[scheduler.config.prediction_type]
        score = 2 * (clean - x) / sigma**2
        references.append({"noise": sigma.item() / 2, "score": [float(f"{number:.9g}") for number in score.flatten().tolist()]})
    return {
        "config": saved(model, "config.json"), "scheduler": saved(scheduler, "scheduler_config.json"), "tensors": shapes,
        "references": references,
    }


if __name__ == "__main__":
    content = {name: golden(*case) for name, case in CASES.items()}
    (HERE / "goldens.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
