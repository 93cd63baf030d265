import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

try:
    colour = input("Which colour? ") or "k"
except EOFError:
    colour = "tab:green"

plt.figure(figsize=(3, 2))
plt.plot([0, 1, 0.5, 2], color=colour, lw=4)
plt.title(f"{__name__}, {colour}")
