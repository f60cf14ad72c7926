// Files that PyTorch 1.13.1 itself wrote (torch.save and torch.jit.save on Debian 12), gzipped, and what it says is in
// them: dtype, shape and row-major values.

/** As torch describes it: dtype, shape, values in row-major order. */
export type TorchFacts = readonly [dtype: string, shape: readonly number[], values: readonly number[]];

export interface RealTorchFile {
  readonly gzipped: string;
  /** Of the model, by its state_dict(). */
  readonly tensors: Readonly<Record<string, TorchFacts>>;
}

/** The bytes of such a file. */
export async function bytesOf({ gzipped }: RealTorchFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.fromBase64(gzipped.replaceAll(/\s/g, ""));
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
}

/** An OrderedDict in protocol 4 with every element type, tensors that lie turned, in part, or repeated, and a parameter. */
export const stateDict: RealTorchFile = {
  gzipped: `
H4sIAAAAAAACA6WXXWgjVRTHbyaTj22yaaj7sChUQdHUjzZfTVLtJt1xiavjR21V1vUhnSZ3O7NOM2Ey6VIUKejudnEEcWfxA1msLwuL7JMP
68M2WgWflT4IIqwoCL6LIOyu986kzb136sQmF8Ik6fmd//9c7jk3nRX9PADhMHCtOBgBkl6VlRU4UZMMabzxuloWYuAktdb4S/fwDmBGqpqq
wqqhaPWmZUZe0GtQh7VjStWwLlpjc1bCDDRUSalbZtTQUObxSstQVBQ6UtHhYktRaxUD1puaXllJIyKRMENNFCgtQcsM2AQiy6omGfOdry9a
pi9pmf5qo2WJUcN6UQSiX+TPWSIv+s5ZF2QOyRrWnGUGjZZehzVLDiUScliOyFH54A7Bi35E+DBHEHxD0o094nmREzlbgaPiwzpsQMkgNExf
ykIU56hwHRVA+2pWJVXSCSaNGZ/NjI0RkQG43DBWicAMDgROcmBb4piiucVTO/EHzGHB3rpUjty8LM7B7xjkbIN0WbwsqUSWyHH0kcwwSWTg
zyL+LFVeTWstqrDLHzxmf0FmyJGb5MrAKQVC/UlZ0kk278n6lVSuC0fnZU2njk6hB51Jd+mhp+sUO9WDzWUJ289q9SUC5lJJ75pbZM3CqgEp
OOUJ84uappI4+kjhaU88eAYqSzI6+AGiLVErSMvQgDrKsHsAuVSme1RxFjrTuv3uPHrXGp8VQ+FvXtG3H0SjAr9m/3PqxMAoNXUmkmXhbmbm
kGvh+bHSU1fXi+LGm0euxO4tFRb+2IyMPrx56M+t9l3qt8Vr62+3H38g3n5ouda+8WH9BnYyd/6frSTSwi8vJ4doJ6myEHc5AeDrEgD3zeC8
19/97UucKOyZdxg8weRFJeY9SvRcdkofAHc6C/u4ac0rcXuCe/vIMD5QgRP79QFsRf3WzyqHcnI9FI8yiumycKTfyp3lA1h/8/6tE/3oZwbW
B2CthB2cPr3xBb4H+R5naoZ2gDZgGgymv2CfvUf+gmlaH/wf/cyg+vvon+xe/XN880z7p+KFIq5h8u9L7/XunxiYpvNOloVC3zWA6VPX7rzh
nKLby7++04d+bhD9Tz7G66vSpy2wPv17/i3s47ujic97928MZGkf+bKQ3LePWwGsuLa68X7v/okBgVYslIXiYO1zcvt2wN77516rPNNH/0wN
3j/2+LQ9RK9f/mV/83sF6k30a3eA+Z0Zwso/XF56ubv/PvzY1SbvzbjLDfsLnaXJuy5GkSs8YG5aliXvM5oFAYZNsSx5Bw1T6AkX6xImrxMa
vumCXcrkXUDDc0EWTrMwOcZp+EcXnGFhcgbT+/VSiIF3hfee0uTaZlmXLjk3aXYmzLBZliVnHs1+xLKTLEvOKZo9fIBhcyxLThya/Yxl8yxL
zgqaHRli2ALLkj1OsxbLTrEs2aX04TgcAexMmBWDwUc7fx71P0b8W00/v/c7zw8izhNxIfx8taPgDKdA0GHidrwT+y+5WiEmuw8AAA==`,
  tensors: {
    "plain": ["float32", [3, 4], [
      0.6613521575927734,
      0.266924113035202,
      0.06167725846171379,
      0.6213173270225525,
      -0.4519059658050537,
      -0.16613022983074188,
      -1.522768497467041,
      0.38168391585350037,
      -1.0276086330413818,
      -0.563052773475647,
      -0.8922905325889587,
      -0.05825017765164375,
    ]],
    "turned": ["float32", [4, 3], [
      0.6613521575927734,
      -0.4519059658050537,
      -1.0276086330413818,
      0.266924113035202,
      -0.16613022983074188,
      -0.563052773475647,
      0.06167725846171379,
      -1.522768497467041,
      -0.8922905325889587,
      0.6213173270225525,
      0.38168391585350037,
      -0.05825017765164375,
    ]],
    "part": ["float32", [2, 2], [
      -0.4519059658050537,
      -1.522768497467041,
      -1.0276086330413818,
      -0.8922905325889587,
    ]],
    "repeated": ["float32", [2, 3], [1.5, 1.5, 1.5, 2.5, 2.5, 2.5]],
    "scalar": ["float32", [], [3.5]],
    "empty": ["float32", [0, 2], []],
    "bf": ["bfloat16", [2, 2], [-0.1953125, 0.421875, -0.96484375, 0.267578125]],
    "half": ["float16", [4], [1.0, -0.0999755859375, 65504.0, 5.960464477539063e-08]],
    "double": ["float64", [2], [0.1, 1e+300]],
    "i8": ["int8", [2], [-3.0, 5.0]],
    "i16": ["int16", [2], [-300.0, 5.0]],
    "i32": ["int32", [2], [0.0, 1.0]],
    "i64": ["int64", [2], [1099511627776.0, -1.0]],
    "u8": ["uint8", [2], [0.0, 255.0]],
    "bool": ["bool", [2], [1.0, 0.0]],
    "weight": ["float32", [1], [1.0]],
  },
};

/** A scripted module in half precision, with attributes that are no tensors. */
export const torchScript: RealTorchFile = {
  gzipped: `
H4sIAAAAAAACA6VXC1QTVxqeBAhheAglUBSxrBQJKoSnoEBRVF7hjWBAYAjJmIyECZOZIKj4oGDBQqu2lPqoWxVExWdW2AoVQc4C1kUU16Iu
SBFWq6KwiBYWrJ1JLCaxsra950xuZuZ+3/+89/8niqujCwBMJvDaMAFYAF8mECNZMEfIJ/gcl8AAUyBRa4S/XB3F1WfGMWs7KSKm8v7NvL6a
vK6BAd6v8b7tyPZyOMs/K68e9d52ktLBeCTyuhEpxej/6OCtqYNbYIDHH9LhhkdAdclCSnJ/3wlvBsnNmFKyqZb1zpnpkj9j/2a6AIIIKckI
QWAwzBeCGOC4JZfNMyGFCaQoAWcTkARGRYQYowmUC50hOYFIcBCSwWlyRCKECBjFpTIoyw3E6Gw2T59E4uRKvgjGdFQQMEyKimJVz0BMl0cj
l7hgejwdSkimHGNwaUQ0ps8F2ASbKBIIpBIJLCAQKYqDkTIhLIOFyxABAWJMxxgiBjPgUY4hZHwERVARBhbxLMl7CMGh1XKJBErjC9LX8mVC
SCyVpmOGETw98i3Kz4BxzOilBWsQwhnKRATpEhiUwZSyMETkZJI/fBGIGSezlRpmYybKOQebBvMMyD9hCE6swglZMma6NUZJiyPrSFqz36BV
uQZBCQkJArF32MlsLo1LhwkVcLWEL8Ixc7FxrkoWH2NxaXKl1ylTKSnzbUl0MmZBiqJTCAFm+SpWziqJKOqcIRXKJTDuLEFQmC8Dw1QT9q4y
ilQyrYURkZjArMRkcMS/BiSYL1k9GZDpShVcsRliBpdBBsKaDARXh0sn2Fw6GZlCscrvM3lkUgJpCB/HbFRkYhXSDZtFInVI5HtKJIl7hbIV
g0Viwwh5GvYX8prtTOX6+tRZchlpFHVRuc4ic/31ZJ8O6E/mukAqhDmvrM/MCQzQoZI+bnsj2mRrtHUwF6yqXPZd9ubgbuQjm0WPFKs8EvIX
54WGF9g43bo27Yqi2qHppxcTNxYscW+quh77xLLS80aNP2B7m+hYOW+B6+y9qaPHiKSvxpcGmYcMzLGa36aY6cM+FMT028C786Vidsj6YQ/R
gmar0K9FRDrTew0+1oFcsG/mft8jvWN334UlCKnoMhL1DiQwvlhhNT646W4IiC9pLziXHZtrM5B3kRWd5mZ44Gic2ZF0m91xQ0J5zL1ExSaF
SVJYxZGtg9AXcfKbwKlHf6seGplYP1C109+HNk/0wCkhwXxJX1jVs9bjHz4b0qH8Ruu1TX1AemYDbSq/2QF6b/abs5DctSJIeWzQgES/bdz0
C4tZBYPlkQoOERv8bgETVjw45GOYUZrOSmuQCK/4tv54+OxnZhZej+9KfWqHMn9oGKv/rOwcvaGHXVR35MuRa/usKkM2jXI6Hrf/UGaLswrh
91B62YFjeWsOrnVPzn90r/6JzY8dkqeLxDmlH41/Epny7E5X67Hdh392s/6qM7put+M/9uh0J9QGtZ7kQMFNy+2eVMx9PhZ/NKC1Olrh+YFf
/rVTHgb0vIqWh980G8ZDTLd8w6dX/j6SLx1Fd9wcbX2wZ839m8PulHO8DXfVtJDmdwNTOccVmPEG53CUMwdFOS+3FEe1pZTJZvmGE1YeVYc2
uRh1PbHId7DO9DyzZwsx8K+s7yx18ySxp00L3EYWXznPWV63vCzi/cFPWlr6w0OHHjPDJf4XknyzmmiLH15fhrcUuyLGQd5e04hOey8/j4Pu
RX3LCcHpZytX7A/X19m7PaaweMXznkVBfa1XS0+76kIZSR012SeD3Ltnzbm8zqC3eUJk65t7vHVG0K0DF+3TPNfjwomb0fVDXaJDSy++GOb8
s13cuJXX9u/82ybfrjfBEs/Ev2Oxo/aS/s7hYdPq5xX3Hi/a6DR2r9BkX8pPhGmW//+Y1xMzSk1l4yadSQ2F385pXJC15/q2Teetn3Z02tTT
KEefi9fPGyJd+dcps9AHcPj9jlbPTru3KWp+4d2hTS6sCJ9N47opdxUfHjdblp/MNu/ai4HVqdLyEYfkPkV5SGyzs+7gsOUHVYiX38zRywt7
2sey+gyBhgHPpIiD/blmfnOk0d9k73K4OvLz2BK6f43H9ogNCO3W3GAD7v6aI3Mntp6S6TqeXOW3xay3JGqpd71fsXlk7X/bGr8vnV0bN/My
PXBhSGmPddAprkFN/omj5+0PIu4j/bYbFWi5l+fRE9VROQWfm86oLgkoXn349v3QoXkrrgR++tADqpzX8fW57fgZs+WXBvgvnA6vHQ6+JDAa
TjHbEGPzvmdbZ3F2AjdhR9SJXSXD/UUves1t0jZv2VHpdyNl48K4llT9OitiAuDatQ/Z7LMe2P2fT2Off1zi69XIoWK0v81gOouMTwptqm7C
AnBUixGKE3yUwFUthT3wlv2Do/JEz+AYrKSqg+6U3cs0wH9SXhYsw8kKHxjg84ebF3K4g5T0q/tEcVSNpCul06hpUr56V2nymkaaHao2Vr0b
1MTytLGu2lj1fk4T26WNddPGqtdHUw1sPA14rf9ToV/tQvUqMV0DHaALvLkyaNOon6d2GjTr9IC3KTDahOrnhqsGYRkD+P1nhTa9esr7aEaZ
CfyZo0g7Ouq5bqEhp9wA+O39pE2hnrDTNChYIKC9RaK4DMb8l69n6ThNLgW15g66at4J/vpNxaB6cUBorLqnKZ/pMVQYULletfYX1dqnDsYN
AAA=`,
  tensors: {
    "context_length": ["int64", [], [77.0]],
    "fc.weight": ["float16", [3, 2], [
      0.466796875,
      -0.64404296875,
      -0.67236328125,
      -0.341064453125,
      0.62109375,
      -0.1177978515625,
    ]],
    "fc.bias": ["float16", [3], [0.302734375, -0.32861328125, 0.69384765625]],
  },
};

/** A checkpoint as open_clip writes it, its names beginning with "module.". */
export const checkpoint: RealTorchFile = {
  gzipped: `
H4sIAAAAAAACA41TzWsTQRSfZNM03dYktvVbW7/ARDStiiCCDRRJDwM1VoRFKNvp7jRZ3K83O5uqGBCE2ly9iB4ET4IHr+KhjdSToIh/hSD+
BZ6c2cSQbFF8sDzem/f7ze+9eVvFSgqhTAbtsjwaR4QZdatBZ0zCScm/a1fms+jOgD1KNgEVtCEBoL5n1CGBFU0VUcAJp7ppGRxEiaLJGxzP
DG1aWoeUwT1BXdJDbtmBqjO6Glq2qXPqBh7TGxdVGCoUtOGIx2OkRiHdgagV2yP8ViepwrCWEDWzkNEU4Q0/hBE8xkG9iRFWcGoDRnEKJzZg
rGUYnm1Tg1ueG6g3mEkZNa8LdSrsKS5BlkNuCfKBNiJoPJ9bjvWAMtjbhPFOc1E7MNGESW1MhD5hxNFrzAv9APYtw/4mHChoSXFiMzi4UH7/
XNqLbtcOdXnowKGF8s/P0r5E15jE8alruTU4jFHEuk6tWp3rJjXIfTgikhLu0oBT5jXgaKtDR+5F6uBYKxrQmscoEYOfWtSyktVaWxO9udwi
qzaF6ZaW/qM3gOPLcAIjEpJQS0lq4lA4GY2OhS6cCktVPJx5WtxOfRVjlV/1r+uRRZcH1mNmtjJ/IbYc/2Eri8XywpvNOfzq4bXX2enylZXv
26NTZ7cnf+y0J+yPc283H7evns63zzhme+uZuyUFLj35tTMrnx39S2AOTfQENigLxMNX5nNxhZdUyfjtZe22fLxkxJiQrsfZP478rlvif0gc
3a81O4CcTqLYAOPYflW5AeyHPmy3typOp891j6eU871SJebfdf14NyFwcovQp26ciHJD6Q5Gieo7tb8BqLHsrSsEAAA=`,
  tensors: {
    "w": ["float32", [3, 4], [
      0.6613521575927734,
      0.266924113035202,
      0.06167725846171379,
      0.6213173270225525,
      -0.4519059658050537,
      -0.16613022983074188,
      -1.522768497467041,
      0.38168391585350037,
      -1.0276086330413818,
      -0.563052773475647,
      -0.8922905325889587,
      -0.05825017765164375,
    ]],
  },
};

/** A module by itself, which is code to Python. */
export const wholeModel: RealTorchFile = {
  gzipped: `
H4sIAAAAAAACA6VUzW/TMBR32q4r2Wi7MgZsY3xDB1u3bnyMD2moQr0EQSlCshAoShO3iZYlfYmznSaBxNiQOCHOiDv/A/8DNyQkOHCCKze4
YDvdlmQaIGEpefL7fTz7xU5DSWcQyuXQrlFEJaR5ummtkBlDo1qlu2TXa3n0MDaepHTqMlbFcSrLrhHYxK/YlkM0T74dBkCTT0Fag1QZ8yrU
0yzHcjqQ3sQDbK52NU9bJpR4PmR03bVtolPLdXz5rmcQjxi3LJ3K0DfZhGwZZ5lilVgdk0J/r7AaUMv2ZdUjrcCyjR0/GXJ7UChxfNdTV+Zk
2Fcu435m6jOm1iEghxK5brsavR8mZRjAEuPMwiBOs6h3A9ivSBTy9xSkSIr0HAphKL4w+UKHKJSacGBTTIY34GATRjBrM2pZmg+HzJzJypqy
GdpW4bAp7I4Iu3UY5a+x0GqcwtEmTIRWxzbgeBNOBKKRaitot3nXTgrsFB7jScd11C7LWj7bJN3iqD6hcFpXVb5/ajmqKrOMDGcew9l1ONeE
Mi4IS01fWtU8QzVdd8mHSeF8Ho9wzPLVdmDbcQ5cuIPzHG27XkQ4JYTTuBSFuh7pwRUBz+AhDvtUo0Q12FfuobMCreJRjrLPYEQpOyZzgjYf
bnsXzfW37C4K3qWwZ70jCpdF8oo4gawdbaLRwGP5BUXCgyznBnQneVWRglalofTn3n1+9u17CiH+NPa8OXk0Grs5M7P12kji3myNR28/vufO
P79+GecnhD9/cr4Zd67Wazf2cP63Ufq1uMjrL3xae/n3+gW0uF1/hZ8y16nXrv/PAuZlXv3Dm84D1lKUEtUlHrbrR3te3LWi5B8qqY72NR9T
XkujxFdKaqM9iWtfJ7XVpDa6o0JMO5xByR42lGx2qgdPpKe3qZlE/NGLr3oJpuP/LrTeF84lkevLhpqM4Ifc31lEIgrnBQAA`,
  tensors: {},
};

/** The format before torch 1.6. */
export const bare: RealTorchFile = {
  gzipped: `
H4sIAAAAAAACA1WPv07DMBDG85dSQyVWNsawVKJUwMaCukTlT1m8ICs4VmtkxTn7UgRSpSxIwDPwALwaj4DEwIVMeDjJ33333e/a6J2Zn4/Z
98HD5/X+uI3mXzHVDQQZ3wuCoHYWrbRGrJXz2lYQkoGPqGM0olFCVaUuKoheOSMRn2olvH5WHuINJBlPSfQr6xDSPOIx/XSFsJUnPOkybLWE
QZ40Tb+ThyQ+QijROrkaiwa18Uw4dd9oUwpUlbdOrCcMoizjgy6bnMVSQdyPsJmxBd72IoOED8lzejydTiZnRyeQ/hHIuiGC8BJhcJMHefgC
210Zvkk61CiJdKdnV65UTpUXWiIDdriAHYTdBYw8od4R6v/ksBh37P1rz38BDVkAjFcBAAA=`,
  tensors: {},
};
